// For runtimes that preload an ES module.
import './leash.cjs';
