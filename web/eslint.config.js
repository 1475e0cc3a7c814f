/** Lints, and the direction of dependencies: `lib, ui, api, i18n <- features <- app`, features sideways only through their index. */
import js from "@eslint/js";
import hooks from "eslint-plugin-react-hooks";
import globals from "globals";
import ts from "typescript-eslint";

/** Forbids importing from the given folders of src; `why` is shown. */
const forbid = (why, ...folders) => ({
  "no-restricted-imports": [
    "error",
    { patterns: [{ regex: `^(\\.\\./)+(${folders.join("|")})(/|$)`, message: why }] },
  ],
});

const features = ["users", "files", "chat", "calls", "recordings", "notifications"];

export default ts.config(
  { ignores: ["dist", "src/api/schema.ts", "e2e", "playwright-report", "test-results"] },
  js.configs.recommended,
  ...ts.configs.strict,
  hooks.configs.flat.recommended,
  {
    languageOptions: { globals: globals.browser },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-non-null-assertion": "error",
      "@typescript-eslint/no-invalid-void-type": "off",
      "no-console": "error",
      // `== null` is both of the absences that JSON and TypeScript know.
      eqeqeq: ["error", "always", { null: "ignore" }],
      "max-lines": ["error", { max: 400, skipBlankLines: true, skipComments: true }],
      "max-lines-per-function": ["error", { max: 150, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ["src/**/*.test.{ts,tsx}", "src/**/*.test-support.ts"],
    rules: { "max-lines-per-function": "off", "@typescript-eslint/no-non-null-assertion": "off" },
  },
  { files: ["src/lib/**"], rules: forbid("lib knows nothing of the other layers", "api", "ui", "i18n", "features", "app") },
  { files: ["src/i18n/**"], rules: forbid("words depend on lib only", "api", "ui", "features", "app") },
  { files: ["src/ui/**"], rules: forbid("ui knows lib and words only", "api", "features", "app") },
  { files: ["src/api/**"], rules: forbid("api knows lib only", "ui", "i18n", "features", "app") },
  ...features.map((feature) => ({
    files: [`src/features/${feature}/**`],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            { regex: "^(\\.\\./)+app(/|$)", message: "features do not know the app" },
            {
              // `../users` (its index) is allowed, `../users/anything` is not.
              regex: `^(\\.\\./)+(features/)?(${features.filter((other) => other !== feature).join("|")})/.+`,
              message: "another feature is used through its index only",
            },
          ],
        },
      ],
    },
  })),
  {
    files: ["src/app/**", "src/main.tsx"],
    rules: {
      "no-restricted-imports": [
        "error",
        // The pages for admins, of the profile and of the connection check are doors of their own: they are loaded when somebody opens them.
        { patterns: [{ regex: "features/\\w+/(?!(admin|check|profile)$).+", message: "a feature is used through its index only" }] },
      ],
    },
  },
  { files: ["public/*.js"], languageOptions: { sourceType: "script" } },
  { files: ["public/sw.js"], languageOptions: { globals: globals.serviceworker } },
  { files: ["eslint.config.js", "vite.config.ts"], languageOptions: { globals: globals.node } },
);
