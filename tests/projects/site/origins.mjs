/** The allowed origins of all test sites: one of each kind. */
export const allowedOrigins = [
	'https://allowed.example',
	'https://*.one.example',
	'https://**.many.example',
	'capacitor://localhost',
	'tauri://localhost',
	'file://',
	'chrome-extension://abcdefghijklmnop',
];
