/// A moment as the service writes it: UTC, counted in units of 100 ns, which is what its seven fractional digits hold.
struct ServiceDate: Hashable, Comparable, Sendable {
    /// Units of 100 ns since 1970-01-01T00:00:00Z.
    var ticks: Int64

    static let ticksPerSecond: Int64 = 10_000_000

    /// What the service sends where it has no date: 0001-01-01T00:00:00.0000000Z.
    static let none = ServiceDate(seconds: -62_135_596_800)

    init(ticks: Int64) {
        self.ticks = ticks
    }

    init(seconds: Int64, nanoseconds: Int64 = 0) {
        self.ticks = seconds * Self.ticksPerSecond + nanoseconds / 100
    }

    static func < (left: ServiceDate, right: ServiceDate) -> Bool { left.ticks < right.ticks }

    static func + (date: ServiceDate, duration: Duration) -> ServiceDate {
        ServiceDate(ticks: date.ticks + duration.ticks)
    }

    static func - (left: ServiceDate, right: ServiceDate) -> Duration {
        .nanoseconds((left.ticks - right.ticks) * 100)
    }

    /// Whole seconds since 1970, as `Expires` of a signed URL counts them.
    var seconds: Int64 { ticks.floorDivided(by: Self.ticksPerSecond) }

    /// The same moment without its fraction, as the service stores dates.
    var wholeSeconds: ServiceDate { ServiceDate(seconds: seconds) }

    /// `2018-07-19T23:50:10.0000000Z`.
    var iso8601: String {
        let fraction = ticks - seconds * Self.ticksPerSecond
        return "\(day)T\(time).\(fraction.padded(to: 7))Z"
    }

    /// `2018-07-19T23:50:10Z`, as the object store writes dates in its errors.
    var iso8601WithoutFraction: String { "\(day)T\(time)Z" }

    /// `Thu, 19 Jul 2018 23:50:10 GMT` (RFC 9110, 5.6.7).
    var http: String {
        let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let civil = self.civil
        let weekday = weekdays[Int((civil.daysSince1970 % 7 + 7) % 7)]
        return "\(weekday), \(civil.day.padded(to: 2)) \(months[Int(civil.month) - 1]) \(civil.year) \(time) GMT"
    }

    /// `07/24/2018 1:39:05`, as the service ends the names of the sessions that it makes.
    var sessionNameSuffix: String {
        let civil = self.civil
        let hour = (secondOfDay / 3600 + 11) % 12 + 1
        return "\(civil.month.padded(to: 2))/\(civil.day.padded(to: 2))/\(civil.year) \(hour):"
            + "\((secondOfDay / 60 % 60).padded(to: 2)):\((secondOfDay % 60).padded(to: 2))"
    }

    /// `2018.07.19.23.50.10`, as a request id begins.
    var requestIDPrefix: String {
        let civil = self.civil
        return "\(civil.year).\(civil.month.padded(to: 2)).\(civil.day.padded(to: 2))."
            + time.replacing(":", with: ".")
    }

    private var day: String {
        let civil = self.civil
        return "\(civil.year.padded(to: 4))-\(civil.month.padded(to: 2))-\(civil.day.padded(to: 2))"
    }

    private var secondOfDay: Int64 { seconds - seconds.floorDivided(by: 86_400) * 86_400 }

    private var time: String {
        let second = secondOfDay
        return "\((second / 3600).padded(to: 2)):\((second / 60 % 60).padded(to: 2)):\((second % 60).padded(to: 2))"
    }

    /// The proleptic Gregorian date. Years run from March to February inside the sum, so that the leap day comes last
    /// and a month's first day is a linear function of the month.
    private var civil: (year: Int64, month: Int64, day: Int64, daysSince1970: Int64) {
        let days = seconds.floorDivided(by: 86_400)
        let shifted = days + 719_468
        let era = shifted.floorDivided(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let year = yearOfEra + era * 400 + (month < 10 ? 0 : 1)
        return (year, month < 10 ? month + 3 : month - 9, dayOfYear - (153 * month + 2) / 5 + 1, days)
    }
}

extension Duration {
    /// Units of 100 ns.
    var ticks: Int64 {
        let (seconds, attoseconds) = components
        return seconds * ServiceDate.ticksPerSecond + attoseconds / 100_000_000_000
    }

    /// The duration in seconds.
    var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}

extension Int64 {
    fileprivate func floorDivided(by divisor: Int64) -> Int64 {
        self >= 0 ? self / divisor : (self + 1) / divisor - 1
    }

    fileprivate func padded(to width: Int) -> String {
        let digits = String(self)
        return String(repeating: "0", count: Swift.max(0, width - digits.count)) + digits
    }
}
