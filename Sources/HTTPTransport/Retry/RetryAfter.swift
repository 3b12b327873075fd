internal import Glibc

/// The `Retry-After` field (RFC 9110 §10.2.3): seconds, or a date.
package enum RetryAfter {
    /// How long to wait from `now` (seconds since 1970); `nil` when the field can't be read.
    package static func duration(_ field: String, now: Int64) -> Duration? {
        if let seconds = Int64(field), seconds >= 0 {
            return .seconds(seconds)
        }
        return httpDate(field).map { .seconds(max(0, $0 - now)) }
    }

    /// How long a response asks to wait; `nil` if it doesn't, or not in words that can be read.
    package static func duration(of head: HTTPResponseHead) -> Duration? {
        head.headers["Retry-After"].flatMap { duration($0, now: Int64(time(nil))) }
    }

    /// Seconds since 1970 of a date as in `Sun, 06 Nov 1994 08:49:37 GMT`, the one form that may be sent.
    private static func httpDate(_ text: String) -> Int64? {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let words = text.split(separator: " ")
        guard words.count == 6, words[5] == "GMT",
            let day = Int(words[1]), (1...31).contains(day), let month = months.firstIndex(of: String(words[2])),
            let year = Int(words[3]), (0...9999).contains(year)
        else { return nil }
        let clock = words[4].split(separator: ":").compactMap { Int64($0) }
        guard clock.count == 3, clock.allSatisfy({ (0...60).contains($0) }) else { return nil }
        let days = CivilDate(year: year, month: month + 1, day: day).daysSince1970
        return days * 86_400 + clock[0] * 3_600 + clock[1] * 60 + clock[2]
    }
}

/// A day of the Gregorian calendar.
package struct CivilDate: Equatable {
    /// The year; 1 is the first of our era.
    package var year: Int
    /// 1 … 12.
    package var month: Int
    /// 1 … 31.
    package var day: Int

    package init(year: Int, month: Int, day: Int) {
        self.year = year
        self.month = month
        self.day = day
    }

    /// Days from 1970-01-01 to this day.
    ///
    /// The year is taken to start in March, which puts the leap day at its end: the days before a month then follow a
    /// straight line, 153 days in five months.
    package var daysSince1970: Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return Int64(era * 146_097 + dayOfEra - 719_468)
    }

    /// The day that is so many days after 1970-01-01.
    package init(daysSince1970: Int64) {
        let days = Int(daysSince1970) + 719_468
        let era = (days >= 0 ? days : days - 146_096) / 146_097
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }
}
