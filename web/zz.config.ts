import { defineConfig } from '@playwright/test';
import base from './playwright.config.ts';
export default defineConfig({ ...base, testMatch: /zz\.ts$/, reporter: 'list', outputDir: '../target/e2e-zz' });
