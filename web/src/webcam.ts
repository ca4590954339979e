// The reader's camera: asked for, never needed, and off as soon as it is not looked at.

/** Frames are small: the outputs of each are computed before the next is taken. */
const width = 320;

export class Webcam {
  private stream: MediaStream | null = null;
  private readonly video = document.createElement("video");

  /** `stopped` is told when it ends by itself: out of sight, or unplugged. */
  constructor(
    seenIn: HTMLElement,
    private readonly stopped: () => void,
  ) {
    this.video.muted = true;
    this.video.playsInline = true;
    new IntersectionObserver(([entry]) => {
      if (!entry.isIntersecting) {
        this.stop();
      }
    }).observe(seenIn);
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) {
        this.stop();
      }
    });
    addEventListener("pagehide", () => this.stop());
  }

  get on(): boolean {
    return this.stream !== null;
  }

  /** A sentence where there is none. */
  async start(): Promise<string | null> {
    if (navigator.mediaDevices === undefined) {
      return "This browser gives a page no webcam here; a file or a sample does as well.";
    }
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 640 } } });
    } catch (error) {
      const refused = error instanceof DOMException && error.name === "NotAllowedError";
      return refused ? "The webcam was refused, and stays off; a file or a sample does as well." : "There is no webcam that can be used; a file or a sample does as well.";
    }
    this.stream.getVideoTracks()[0].addEventListener("ended", () => this.stop());
    this.video.srcObject = this.stream;
    await this.video.play();
    return null;
  }

  frame(): Promise<ImageBitmap> {
    return createImageBitmap(this.video, { resizeWidth: width });
  }

  stop(): void {
    if (this.stream === null) {
      return;
    }
    for (const track of this.stream.getTracks()) {
      track.stop();
    }
    this.stream = null;
    this.video.srcObject = null;
    this.stopped();
  }
}
