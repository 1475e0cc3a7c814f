/** The last resort: a bug in the page shows words and a way out instead of a blank screen. */
import { Component, type ReactNode } from "react";
import { Translation } from "react-i18next";
import { ErrorState } from "../ui/states";

export class CrashGuard extends Component<{ children: ReactNode }, { crashed: boolean }> {
  override state = { crashed: false };

  static getDerivedStateFromError(): { crashed: boolean } {
    return { crashed: true };
  }

  override render(): ReactNode {
    if (!this.state.crashed) return this.props.children;
    return (
      <Translation>
        {(t) => (
          <main className="flex h-dvh">
            <ErrorState
              title={t("app.crashed")}
              detail={t("app.crashedDetail")}
              retry={t("app.reload")}
              onRetry={() => location.reload()}
            />
          </main>
        )}
      </Translation>
    );
  }
}
