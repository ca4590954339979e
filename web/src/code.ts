// The layer as code.
import { type App } from "./app";
import { type LayerInfo } from "./engine";
import { toHash } from "./link";

function shell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

export function toPython({ info }: App): string {
  const [c, h, w] = info.input_sizes;
  const [k, p, q] = info.output_sizes;
  return [
    "import torch",
    `layer = torch.nn.${info.repr.replace(/padding_mode=(\w+)/, "padding_mode='$1'").replace(/padding=(same|valid)/, "padding='$1'")}`,
    `y = layer(torch.randn(1, ${c}, ${h}, ${w}))`,
    `assert y.shape == (1, ${k}, ${p}, ${q})`,
    "",
  ].join("\n");
}

export function toCpp(info: LayerInfo): string {
  const two = ([h, w]: [number, number]) => (h === w ? String(h) : `{${h}, ${w}}`);
  const padding = typeof info.padding === "string" ? `conv2d::${info.padding}` : new Set(info.padding).size === 1 ? String(info.padding[0]) : `{${info.padding.join(", ")}}`;
  const fields = [`.in_channels = ${info.in_channels}`, `.out_channels = ${info.out_channels}`, `.kernel_size = ${two(info.kernel_size)}`, `.stride = ${two(info.stride)}`, `.padding = ${padding}`];
  if (info.output_padding !== undefined) {
    fields.push(`.output_padding = ${two(info.output_padding)}`);
  }
  const tail = [`.groups = ${info.groups}`, `.bias = ${info.bias}`];
  fields.push(...(info.transposed ? [...tail, `.dilation = ${two(info.dilation)}`] : [`.dilation = ${two(info.dilation)}`, ...tail, `.padding_mode = conv2d::PaddingMode::${info.padding_mode}`]));
  const type = info.transposed ? "ConvTranspose2d" : "Conv2d";
  return `#include <conv2d/conv2d.h>\n\nconv2d::${type} layer(conv2d::${type}Options{${fields.join(", ")}});\nconst conv2d::Tensor y = layer(conv2d::Tensor({1, ${info.input_sizes.join(", ")}}));\n`;
}

/** The figure from the command line, with this page's own numbers where there are any. */
export function toCommand(app: App): string {
  const { info, setup } = app;
  const own = setup.seed !== 0 || setup.flipped || Object.values(setup.edits).some((edits) => edits.size > 0);
  const what = own
    ? `--link ${shell(toHash(setup))}`
    : `${shell(info.repr)} --input ${info.input_sizes.join("x")} --at ${setup.at.join(",")}${setup.view === "slide" ? "" : ` --view ${setup.view}`}`;
  return `conv2d figure ${what}${app.theme === "dark" ? " --theme dark" : ""} -o layer.svg`;
}

export { toHash };
