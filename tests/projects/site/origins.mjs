/** The origins that every site of the tests allows: one of each kind. */
export const allowedOrigins = [
	'https://allowed.example',
	'https://*.one.example',
	'https://**.many.example',
	'capacitor://localhost',
	'tauri://localhost',
	'file://',
	'chrome-extension://abcdefghijklmnop',
];
