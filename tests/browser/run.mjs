/* run: the cases, in order; those that change the lab for good come last. Prints TAP. Arguments: configuration, part of the names of wanted cases. */
import { finish } from "./harness.mjs";
import pages from "./cases_pages.mjs";
import forms from "./cases_forms.mjs";
import leak from "./cases_leak.mjs";
import guards from "./cases_guards.mjs";
import notes from "./cases_notes.mjs";
import openings from "./cases_openings.mjs";
import keys from "./cases_keys.mjs";
import away from "./cases_away.mjs";
import room from "./cases_room.mjs";

await pages();
await room();
await leak();
await notes();
await openings();
await forms();
await guards();
await keys();
await away();
await finish();
