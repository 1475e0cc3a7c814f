/** What is looked for in a page is waited for as long as the test may take: a second, as the library has it, is little where the machine is busy. */
import { configure } from "@testing-library/react";

configure({ asyncUtilTimeout: 15_000 });
