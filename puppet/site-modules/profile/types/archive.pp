# An apt archive and the key that signs it.
type Profile::Archive = Struct[{
    url       => Pattern[/\Ahttps?:\/\/\S+\z/],
    suite     => String[1],
    component => String[1],
    key       => Pattern[/\A-----BEGIN PGP PUBLIC KEY BLOCK-----/],
}]
