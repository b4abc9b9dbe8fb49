#!/usr/bin/env node
// Answers the shell when it completes `kubectl ha-doctor …`; kubectl finds it as kubectl_complete-ha_doctor.
require('./start.cjs').start(['__complete', ...process.argv.slice(2)]);
