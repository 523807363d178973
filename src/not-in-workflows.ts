/**
 * The entries for Node.js as bundlers for other platforms see them; Temporal's SDK bundles workflow code as for a browser.
 * It imports a module that does not exist. The error of the bundler contains the module's name, and the name states what to import.
 * Temporal's bundler rejects each name that begins with a module of Node.js.
 *
 * @module
 */
// @ts-expect-error The module does not exist.
import 'module/temporal-vertex-export runs in Node.js only: workflow code imports from temporal-vertex-export/workflow';
