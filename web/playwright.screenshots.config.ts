/** `npm run screenshots`: every screen on phone and desktop, light and dark, to be looked at. Not a test: it asserts nothing. */
import { defineConfig } from '@playwright/test';
import { rules } from './playwright.config.ts';

export default defineConfig({ ...rules, testMatch: /screenshots\.ts$/, reporter: 'list', outputDir: '../target/e2e-screenshots' });
