/** Which device, of those there are. The system's default stands first. */
import { ChevronDown } from "lucide-react";
import { useId } from "react";
import { useTranslation } from "react-i18next";
import type { ListedDevice } from "./deviceList";

export interface DeviceSelectProps {
  kind: "microphone" | "camera" | "speaker";
  devices: readonly ListedDevice[];
  /** Null is the system's. */
  value: string | null;
  onChange(id: string | null): void;
}

export function DeviceSelect({ kind, devices, value, onChange }: DeviceSelectProps) {
  const { t } = useTranslation();
  const id = useId();
  const name = t(`call.device.${kind}`);
  // A headset that is not plugged in today stays chosen for tomorrow.
  const gone = value !== null && !devices.some((device) => device.id === value);
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className="text-sm font-medium">
        {name}
      </label>
      <span className="relative flex">
        <select
          id={id}
          value={value ?? ""}
          onChange={(event) => onChange(event.target.value === "" ? null : event.target.value)}
          className="min-h-11 w-full appearance-none truncate rounded-xl border border-line-strong bg-raised pr-10 pl-3"
        >
          <option value="">{t("call.device.byDefault")}</option>
          {devices.map((device, i) => (
            <option key={device.id} value={device.id}>
              {device.label === "" ? t("call.device.unnamed", { kind: name, number: i + 1 }) : device.label}
            </option>
          ))}
          {gone && <option value={value}>{t("call.device.gone")}</option>}
        </select>
        <ChevronDown size={18} aria-hidden className="pointer-events-none absolute top-1/2 right-3 -translate-y-1/2 text-muted" />
      </span>
    </div>
  );
}
