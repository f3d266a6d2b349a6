import { createNodeResolver, importX } from "eslint-plugin-import-x";

const JS = "./static/js";

/** Modules that decide and do nothing else: no DOM, no network, no clock. */
const PURE = [
  "backoff",
  "channels",
  "chatlog",
  "format",
  "held",
  "layout",
  "links",
  "music",
  "names",
  "outgoing",
  "presence",
  "problems",
  "protocol",
  "quotes",
  "sdp",
  "shapes",
  "state",
  "suggestion",
  "talk",
  "title",
  "volume",
];

/** What a view may use besides types. */
const FOR_VIEWS = ["dom", "format", "layout", "links", "music", "presence", "problems", "quotes"];

const IMPURE_GLOBALS = [
  "window",
  "document",
  "navigator",
  "location",
  "localStorage",
  "WebSocket",
  "RTCPeerConnection",
  "setTimeout",
  "setInterval",
  "requestAnimationFrame",
  "performance",
  "Date",
];

const MARKUP = ["innerHTML", "outerHTML", "insertAdjacentHTML", "srcdoc"];

/** @param {string[]} names */
const files = (names) => names.map((name) => `${JS}/${name}.js`);

/** @param {string[]} names */
const except = (names) => names.map((name) => `./${name}.js`);

export default [
  {
    files: ["static/js/**/*.js", "tests/client/**/*.js"],
    plugins: { "import-x": importX },
    settings: { "import-x/resolver-next": [createNodeResolver()] },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      complexity: ["error", 10],
      eqeqeq: "error",
      "max-lines": ["error", 400],
      "no-console": ["error", { allow: ["warn"] }],
      "no-else-return": "error",
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-restricted-properties": ["error", ...MARKUP.map((property) => ({ property }))],
      "no-shadow": "error",
      "no-undef-init": "error",
      "no-unused-vars": ["error", { ignoreRestSiblings: true }],
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": "error",
      "prefer-template": "error",
      "import-x/no-cycle": "error",
      "import-x/no-default-export": "error",
      "import-x/no-duplicates": "error",
      "import-x/no-mutable-exports": "error",
      "import-x/no-self-import": "error",
      "import-x/no-unresolved": "error",
      "import-x/exports-last": "error",
      "import-x/first": "error",
      "import-x/order": ["error", { alphabetize: { order: "asc" } }],
    },
  },
  {
    files: ["static/js/**/*.js"],
    rules: {
      "max-lines-per-function": ["error", { max: 60, skipComments: true }],
      "import-x/no-restricted-paths": [
        "error",
        {
          zones: [
            { target: files(PURE), from: JS, except: except(PURE) },
            {
              target: `${JS}/views`,
              from: JS,
              except: except(FOR_VIEWS),
              message: "A view renders state and dispatches what the user wants.",
            },
            {
              target: JS,
              from: ["./tests", "./node_modules"],
              message: "The page has no dependencies.",
            },
          ],
        },
      ],
    },
  },
  {
    files: PURE.map((name) => `static/js/${name}.js`),
    rules: { "no-restricted-globals": ["error", ...IMPURE_GLOBALS] },
  },
  {
    files: ["static/js/main.js"],
    rules: { "import-x/exports-last": "off" },
  },
  {
    files: ["tests/client/*.config.js"],
    rules: { "import-x/no-default-export": "off" },
  },
];
