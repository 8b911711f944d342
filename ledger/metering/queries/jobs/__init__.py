"""Read what clusters that report jobs have: corrections of jobs, and how many GPUs there are."""
