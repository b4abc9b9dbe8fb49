#!/usr/bin/env node
// Starts the program; kubectl finds it as kubectl-ha_doctor.
require('./start.cjs').start(process.argv.slice(2));
