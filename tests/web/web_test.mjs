// All tests of the page in one process: they share one browser.
//   CONV2D_COMMAND=build/release/cli/conv2d node --test tests/web/web_test.mjs
import "./engine_test.mjs";
import "./page_test.mjs";
import "./keyboard_test.mjs";
import "./tour_test.mjs";
import "./mistakes_test.mjs";
import "./photo_test.mjs";
import "./sharing_test.mjs";
import "./refusal_test.mjs";
import "./access_test.mjs";
import "./delivery_test.mjs";
import "./screenshots_test.mjs";
