/// The version of the program, in the only place that says so.
enum Version {
    /// The released version, or the next one with `-dev`.
    static let current = "0.1.0"
}
