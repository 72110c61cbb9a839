import { docsSchema } from '@astrojs/starlight/schema';
import { defineCollection } from 'astro:content';
import { pagesOfTheRepository } from './repository-pages.ts';

export const collections = {
	docs: defineCollection({ loader: pagesOfTheRepository(), schema: docsSchema() }),
};
