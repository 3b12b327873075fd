import Testing

/// The product as its users meet it: the built program, a real mount, real tools, and a simulated BaseSpace.
///
/// One test at a time: each has a daemon of its own, and what is measured (requests, seconds) must not depend on
/// what others do meanwhile.
@Suite("End to end", .serialized, .timeLimit(.minutes(2)))
enum EndToEnd {}
