// SPDX-License-Identifier: GPL-2.0
#include "core/pathsm.h"

static enum mp_pathsm_action probe(struct mp_pathsm *sm)
{
	sm->state = MP_PATHSM_PROBING;
	sm->deadline_ms = 0;
	sm->reconnected = false;
	return MP_PATHSM_PROBE;
}

static void live(struct mp_pathsm *sm)
{
	*sm = (struct mp_pathsm){ .state = MP_PATHSM_LIVE };
}

static enum mp_pathsm_action wait_for_next(struct mp_pathsm *sm, uint64_t now_ms)
{
	if (sm->reconnected)
		return probe(sm);
	sm->backoff_ms = sm->backoff_ms ? sm->backoff_ms * 2 : MP_PATHSM_BACKOFF_MIN_MS;
	if (sm->backoff_ms > MP_PATHSM_BACKOFF_MAX_MS)
		sm->backoff_ms = MP_PATHSM_BACKOFF_MAX_MS;
	sm->state = MP_PATHSM_WAITING;
	sm->deadline_ms = now_ms + sm->backoff_ms;
	return MP_PATHSM_NONE;
}

static enum mp_pathsm_action in_live(struct mp_pathsm *sm, enum mp_pathsm_event event)
{
	return event == MP_PATHSM_KERNEL_FAILED ? probe(sm) : MP_PATHSM_NONE;
}

static enum mp_pathsm_action in_probing(struct mp_pathsm *sm, enum mp_pathsm_event event,
					uint64_t now_ms)
{
	switch (event) {
	case MP_PATHSM_PROBE_OK:
		live(sm);
		return MP_PATHSM_REINSTATE;
	case MP_PATHSM_PROBE_BAD:
		return wait_for_next(sm, now_ms);
	case MP_PATHSM_CONNECTED:
		sm->reconnected = true;
		return MP_PATHSM_NONE;
	default:
		return MP_PATHSM_NONE;
	}
}

static enum mp_pathsm_action in_waiting(struct mp_pathsm *sm, enum mp_pathsm_event event,
					uint64_t now_ms)
{
	if (event == MP_PATHSM_CONNECTED)
		return probe(sm);
	if (event == MP_PATHSM_TIMER && now_ms >= sm->deadline_ms)
		return probe(sm);
	return MP_PATHSM_NONE;
}

enum mp_pathsm_action mp_pathsm_step(struct mp_pathsm *sm, enum mp_pathsm_event event,
				     uint64_t now_ms)
{
	if (event == MP_PATHSM_KERNEL_ACTIVE || event == MP_PATHSM_DISABLED) {
		live(sm);
		return MP_PATHSM_NONE;
	}
	switch (sm->state) {
	case MP_PATHSM_LIVE:
		return in_live(sm, event);
	case MP_PATHSM_PROBING:
		return in_probing(sm, event, now_ms);
	case MP_PATHSM_WAITING:
		return in_waiting(sm, event, now_ms);
	}
	return MP_PATHSM_NONE;
}
