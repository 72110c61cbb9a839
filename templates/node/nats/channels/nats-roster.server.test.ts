import { rosterCases } from '../../engine/roster-cases.fixture.ts';
import { STAGE } from '../nats.fixture.ts';

rosterCases(STAGE);
