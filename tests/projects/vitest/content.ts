// Stands for `astro:content`.

export const getEntry = async (): Promise<string> => 'Ada';
