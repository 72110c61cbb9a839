export { GET } from '../echo';
