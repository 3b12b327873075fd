/// How fast a count has grown lately. It has no clock: who notes and asks says when it is.
struct RateMeter {
    /// What is looked back at.
    let window: Duration
    private var samples: [(moment: ContinuousClock.Instant, value: UInt64)] = []

    /// A meter that looks back so far.
    init(window: Duration) {
        self.window = window
    }

    /// Notes the count. Once a second is enough.
    mutating func note(_ value: UInt64, at moment: ContinuousClock.Instant) {
        samples.append((moment, value))
        // The newest of those that are older than the window stays: the window begins with it.
        while samples.count > 1, samples[1].moment <= moment - window {
            samples.removeFirst()
        }
    }

    /// Growth per second since the beginning of the window, or since the first note; 0 for a count that fell, and before
    /// there is a time to speak of.
    func rate(of value: UInt64, at moment: ContinuousClock.Instant) -> Double {
        guard let first = samples.first, value > first.value else { return 0 }
        let seconds = first.moment.duration(to: moment) / .seconds(1)
        // Below that a single packet would look like a fast line.
        guard seconds >= 0.2 else { return 0 }
        return Double(value - first.value) / seconds
    }
}
