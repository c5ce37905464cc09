"""The texts of ours that scenarios are composed of: a file for each thing that a scenario depends on."""
