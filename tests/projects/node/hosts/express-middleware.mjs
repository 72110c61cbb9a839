// Express with the usual middleware of applications. Each wraps the response.
import compression from 'compression';
import express from 'express';
import session from 'express-session';
import helmet from 'helmet';
import morgan from 'morgan';
import { attachWebSocket, handler } from '../dist/server/entry.mjs';

const app = express();
app.use(morgan('logged :method :url :status'));
app.use(helmet());
app.use(compression({ threshold: 0 }));
app.use(session({ secret: 'of the tests', resave: false, saveUninitialized: true }));
app.use((request, response, next) => {
	request.session.visits = (request.session.visits ?? 0) + 1;
	handler(request, response, next, { user: `visit ${request.session.visits}` });
});

const server = app.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
attachWebSocket(server);
