/** The page that checks one's connection; loaded when somebody opens it. */
import { addCheckWords } from "../../../i18n/check";
import { CheckPage } from "./CheckPage";

addCheckWords();

export default CheckPage;
