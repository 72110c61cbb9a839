// For what takes a module to run first.
import './leash.cjs';
