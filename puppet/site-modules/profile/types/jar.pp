# A jar to fetch when the image is baked, and its digest.
type Profile::Jar = Struct[{
    url    => Pattern[/\Ahttps:\/\/[^\s']+\z/],
    sha256 => Pattern[/\A[0-9a-f]{64}\z/],
}]
