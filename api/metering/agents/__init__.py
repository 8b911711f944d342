"""Agents: the codes that let them in, their enrolment, their list, and the end of one."""
