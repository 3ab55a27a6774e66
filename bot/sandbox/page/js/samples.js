// Ready pictures and a document, for whoever has none at hand; and choosing one's own from the computer.

import { t } from "./i18n.js";
import { attempt, chooseFiles } from "./overlay.js";

const PHOTOS = ["router.jpg", "cable.jpg", "bill.jpg"];
const TYPES = { jpg: "image/jpeg", pdf: "application/pdf" };

async function sample(name) {
  const answer = await fetch(`samples/${name}`);
  if (!answer.ok) throw new Error(`${answer.status}`);
  return new File([await answer.blob()], name, { type: TYPES[name.split(".").pop()] });
}

/** Menu items that put files into the composer's tray; `verbs` are the messenger's own words for them. */
export function fileItems(verbs, stage) {
  const own = async (verb, accept) => stage(verb, await chooseFiles(accept));
  const ready = (verb, names) => attempt(async () => stage(verb, await Promise.all(names.map(sample))));
  return [
    { label: t("photo"), icon: "photo", testid: "attach-photo", run: () => own(verbs.photo, "image/*") },
    { label: t("document"), icon: "file", testid: "attach-document", run: () => own(verbs.document, "") },
    { label: t("samplePhoto"), icon: "photo", testid: "attach-sample-photo", run: () => ready(verbs.photo, PHOTOS.slice(0, 1)) },
    { label: t("sampleAlbum"), icon: "photo", testid: "attach-sample-album", run: () => ready(verbs.photo, PHOTOS) },
    { label: t("sampleDocument"), icon: "file", testid: "attach-sample-document", run: () => ready(verbs.document, ["statement.pdf"]) },
    null,
  ];
}
