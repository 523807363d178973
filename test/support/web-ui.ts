import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { chromium } from 'playwright-core';

const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Path of a Chromium: `CHROMIUM_PATH`, or one of the usual names on PATH; `undefined` if none exists. */
export function findBrowser(): string | undefined {
  const given = process.env['CHROMIUM_PATH'];
  if (given) return existsSync(given) ? given : undefined;
  for (const name of BROWSERS) {
    try {
      return execFileSync('/bin/sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
    } catch {
      // The next name may exist.
    }
  }
  return undefined;
}

/** The parts of a workflow's page. */
export type WebUiTab = 'history' | 'pending-activities' | 'user-metadata' | 'memo';

/** Temporal's Web UI in a browser without a window. */
export class WebUi {
  private constructor(
    private readonly browser: Browser,
    private readonly url: string,
    private readonly page: Page,
  ) {}

  /** @param url of the Web UI */
  static async open(url: string, executablePath: string): Promise<WebUi> {
    // The pages come from a server on this machine. Containers often have no sandbox.
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
    const page = await browser.newPage({ viewport: { width: 1_400, height: 900 }, deviceScaleFactor: 1 });
    return new WebUi(browser, url, page);
  }

  async show(workflowId: string, runId: string, tab: WebUiTab): Promise<void> {
    const path = `/namespaces/default/workflows/${encodeURIComponent(workflowId)}/${runId}/${tab}`;
    await this.page.goto(`${this.url}${path}`);
  }

  /** Resolves when the text is on the page or in one of its frames: rendered Markdown is in a separate frame. */
  async waitForText(text: string): Promise<void> {
    const giveUpAt = Date.now() + 30_000;
    for (;;) {
      const shown = await this.text();
      if (shown.includes(text)) return;
      if (Date.now() > giveUpAt) throw new Error(`not on ${this.page.url()}: ${text}\n${shown}`);
      await this.page.waitForTimeout(100);
    }
  }

  /** Writes a screenshot as PNG. */
  async picture(file: string): Promise<void> {
    await this.page.screenshot({ path: file });
  }

  close(): Promise<void> {
    return this.browser.close();
  }

  private async text(): Promise<string> {
    const texts = this.page.frames().map((frame) => frame.innerText('body').catch(() => ''));
    // Lines wrap on a narrow page.
    return (await Promise.all(texts)).join('\n').replace(/\s+/g, ' ');
  }
}
