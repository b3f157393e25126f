# Releases of Java by number.
type Profile::Java_releases = Hash[
  Pattern[/\A[0-9]+\z/],
  Struct[{ package => String[1], version => String[1], home => Profile::Path }]
]
