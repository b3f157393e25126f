# A path from the root, without a slash at its end or anything that a unit file would read as more.
type Profile::Path = Pattern[/\A(\/[A-Za-z0-9._-]+)+\z/]
