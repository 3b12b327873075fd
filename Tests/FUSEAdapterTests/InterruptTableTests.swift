import Testing

@testable import FUSEAdapter

/// What `#expect` can't do itself: it does not take mutating calls.
extension InterruptTable {
    fileprivate mutating func expect(
        _ comment: Comment? = nil,
        location: SourceLocation = #_sourceLocation,
        _ body: (inout Self) -> Bool
    ) {
        let holds = body(&self)
        #expect(holds, comment, sourceLocation: location)
    }
}

struct InterruptTableTests {
    @Test func `An interrupt hands out the running work, once`() {
        var table = InterruptTable<String>()
        let key = table.register()
        table.expect { $0.began(key, "work") == nil }
        table.expect { $0.interrupt(key) == "work" }
        table.expect { $0.interrupt(key) == nil }
        table.expect { $0.finish(key) }
        #expect(table.count == 0)
    }

    @Test func `An interrupt that comes before the work begins cancels it as it begins`() {
        var table = InterruptTable<String>()
        let key = table.register()
        table.expect { $0.interrupt(key) == nil }
        table.expect { $0.began(key, "work") == "work" }
        table.expect { $0.interrupt(key) == nil }
        table.expect { $0.finish(key) }
    }

    @Test func `Work that ends before it is noted leaves nothing behind`() {
        var table = InterruptTable<String>()
        let key = table.register()
        table.expect { $0.finish(key) }
        table.expect { $0.began(key, "work") == nil }
        #expect(table.count == 0)
    }

    @Test func `Only one caller may answer`() {
        var table = InterruptTable<String>()
        let key = table.register()
        table.expect { $0.finish(key) }
        table.expect { !$0.finish(key) }
    }

    @Test func `A late interrupt does not hit a later request`() {
        var table = InterruptTable<String>()
        let first = table.register()
        _ = table.finish(first)
        let second = table.register()
        _ = table.began(second, "second")
        #expect(first != 0)
        table.expect { $0.interrupt(first) == nil }
        table.expect { $0.interrupt(second) == "second" }
    }

    @Test func `The end of the session interrupts everything that runs`() {
        var table = InterruptTable<String>()
        let keys = (0..<3).map { _ in table.register() }
        _ = table.began(keys[0], "a")
        _ = table.began(keys[1], "b")
        table.expect { Set($0.interruptAll()) == ["a", "b"] }
        table.expect { $0.began(keys[2], "c") == "c" }
        table.expect { $0.interruptAll().isEmpty }
    }
}
