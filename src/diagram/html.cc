// A page that steps through the frames.
#include <conv2d/diagram.h>

#include "drawing/markup.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace conv2d::diagram {
namespace {

constexpr std::string_view light =
    R"(:root{color-scheme:light;--paper:#fcfcfa;--ink:#1f2328;--quiet:#5b616a;--line:#d9d9d4})";
constexpr std::string_view dark =
    R"(:root{color-scheme:dark;--paper:#181a1d;--ink:#e8e8e4;--quiet:#a5aab0;--line:#3e4146})";

constexpr std::string_view style = R"(
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 "DejaVu Sans",Verdana,sans-serif}
main{max-width:1400px;margin:0 auto;padding:16px}
h1{font-size:18px;margin:0 0 8px;overflow-wrap:anywhere}
#stage{overflow-x:auto}
#stage svg{display:block;max-width:100%;min-width:320px;height:auto}
.bar{display:flex;flex-wrap:wrap;gap:8px;align-items:center;margin:12px 0}
button{font:inherit;color:inherit;background:none;border:1px solid var(--quiet);border-radius:6px;min-width:44px;min-height:40px;padding:4px 12px;cursor:pointer}
input{flex:1 1 200px;min-height:40px;accent-color:#009e73}
button:focus-visible,input:focus-visible{outline:3px solid #0072b2;outline-offset:2px}
p{color:var(--quiet);margin:8px 0})";

constexpr std::string_view script = R"(
const frames=document.querySelectorAll('template'),stage=document.getElementById('stage'),
slider=document.getElementById('frame'),play=document.getElementById('play'),words=document.getElementById('words');
let timer=0;
function show(i){i=Math.max(0,Math.min(frames.length-1,i));slider.value=i;stage.replaceChildren(frames[i].content.cloneNode(true));
const said=stage.querySelector('desc');words.textContent='Step '+(i+1)+' of '+frames.length+'. '+(said?said.textContent:'');
slider.setAttribute('aria-valuetext',words.textContent)}
function stop(){clearInterval(timer);timer=0;play.textContent='Play'}
function step(by){stop();show(Number(slider.value)+by)}
play.onclick=()=>{if(timer){stop();return}play.textContent='Pause';
timer=setInterval(()=>show((Number(slider.value)+1)%frames.length),900)};
slider.oninput=()=>{stop();show(Number(slider.value))};
document.getElementById('back').onclick=()=>step(-1);document.getElementById('on').onclick=()=>step(1);
addEventListener('keydown',e=>{if(e.target===slider||e.ctrlKey||e.altKey||e.metaKey)return;
if(e.key==='ArrowLeft')step(-1);else if(e.key==='ArrowRight')step(1);else if(e.key==='Home'){stop();show(0)}
else if(e.key==='End'){stop();show(frames.length-1)}});
show(0);)";

/// All of one size, so that nothing moves from step to step but what the step is about.
std::vector<drawing::Drawing> draw_frames(const Diagram& diagram, Options options) {
  options.stepping = true;
  std::vector<drawing::Drawing> drawings;
  double width = 0;
  double height = 0;
  for (std::int64_t frame = 0; frame < diagram.frames(); ++frame) {
    options.at = diagram.output_of(frame);
    drawings.push_back(diagram.draw(options));
    width = std::max(width, drawings.back().width);
    height = std::max(height, drawings.back().height);
  }
  for (drawing::Drawing& drawing : drawings) {
    drawing.width = width;
    drawing.height = height;
  }
  return drawings;
}

}  // namespace

std::string to_html(const Diagram& diagram, const Options& options) {
  const std::int64_t frames = diagram.frames();
  if (frames > most_frames) {
    throw std::invalid_argument("a page steps through at most " + std::to_string(most_frames) +
                                " outputs, but this layer has " + std::to_string(frames));
  }
  const std::vector<drawing::Drawing> drawings = draw_frames(diagram, options);
  const std::string title = drawing::escaped(drawings.front().title);
  std::string templates;
  for (const drawing::Drawing& drawing : drawings) {
    templates += "<template>" + drawing::to_svg(drawing) + "</template>\n";
  }
  return "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" +
         title + "</title>\n<style>" +
         std::string(options.theme == drawing::Theme::light ? light : dark) + std::string(style) +
         "</style>\n</head>\n<body>\n<main>\n<h1>" + title +
         "</h1>\n<div id=\"stage\" tabindex=\"0\" role=\"region\" aria-label=\"The layer, step by "
         "step\"></div>\n<div class=\"bar\">\n"
         "<button id=\"back\" aria-label=\"One step back\">\u2039</button>\n"
         "<button id=\"play\">Play</button>\n"
         "<button id=\"on\" aria-label=\"One step on\">\u203A</button>\n"
         "<input id=\"frame\" type=\"range\" min=\"0\" value=\"0\" max=\"" +
         std::to_string(frames - 1) +
         "\" aria-label=\"Step\">\n</div>\n<p id=\"words\" aria-live=\"polite\"></p>\n"
         "<p>Arrow keys step; Home and End go to the first and the last.</p>\n</main>\n" +
         templates + "<script>" + std::string(script) + "</script>\n</body>\n</html>\n";
}

}  // namespace conv2d::diagram
