// How are the shapes of answers checked? To be imported before any shape is made.
import { config } from 'zod';

// One run reads each shape a few times only: compiling its checks takes longer than it saves.
config({ jitless: true });
