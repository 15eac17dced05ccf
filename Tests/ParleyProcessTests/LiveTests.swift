import Foundation
import Glibc
import Testing

@Suite("Live", .enabled(if: Parley.isBuilt, "no parley executable"))
struct LiveTests {
    @Test("a bulk import of 500 records reaches the other analyst's watch, in the order of the log")
    func bulk() throws {
        let team = try Team()
        let watch = try team.ben.watch()
        for part in 0..<5 {
            let outcome = try team.olga.importLines(Feed.judgments("p\(part)", 100), source: "bulk")
            try #require(outcome.exit == 0, "\(outcome)")
        }
        try team.olga.succeed("sync")
        // A title, a confidence and a key of each.
        let events = try watch.events(1500, within: .seconds(60))
        let titles = events.filter { $0.field == "title" }
        #expect(titles.count == 500 && Set(titles.map(\.id)).count == 500)
        #expect(events.allSatisfy { $0.event == "write" && $0.by == "olga" })
        let parts = titles.compactMap { $0.value.split(separator: " ").dropFirst().first.map(String.init) }
        #expect(parts == parts.sorted(), "the five imports come one after another")
        #expect(Set(events.map(\.change)).count == 5)
        try team.expectAgreement()
        promise("watch-lines", events.count)
    }

    @Test("a server that is told to stop ends with 0 at once; watches hear it and come back")
    func stop() throws {
        let team = try Team()
        let watches = try [team.olga.watch(), team.ben.watch()]
        #expect(team.server.stop() == .exited(0))
        for watch in watches {
            #expect(watch.wait(.seconds(10)) { $0.errorText.contains("Trying again") }, "\(watch.errorText)")
            #expect(watch.errorText.contains("goodbye"), "\(watch.errorText)")
        }
        let id = try team.olga.new("judgment", "title=Written while the server is away")
        try team.server.restart()
        for watch in watches {
            let isBack = watch.wait(.seconds(40)) {
                $0.errorText.components(separatedBy: "connected").count > 2
            }
            #expect(isBack, "\(watch.errorText)")
        }
        let events = try watches[1].events(1, within: .seconds(20))
        #expect(events.first?.id == id)
        promise("watch-reconnects", watches.count)
    }

    @Test("a watch ends by the signal that it was sent, and quietly where its reader has gone")
    func watchEnds() throws {
        let team = try Team()
        let watch = try team.ben.watch()
        watch.signal(SIGTERM)
        #expect(watch.end(within: .seconds(10)) == .signalled(SIGTERM))
        #expect(watch.output.isEmpty)
    }

    @Test("what another command writes here goes out through the watch that is connected")
    func pushedByWatch() throws {
        let team = try Team()
        let (olgas, bens) = (try team.olga.watch(), try team.ben.watch())
        let id = try team.olga.new("judgment", "title=Typed beside")
        for watch in [olgas, bens] {
            let event = try watch.events(1, within: .seconds(20))[0]
            #expect(event.id == id && event.value == "Typed beside")
        }
        #expect(try team.olga.status("unsent") == 0)
    }
}

/// One line of `watch`.
struct WatchEvent {
    var event = "", id = "", field = "", by = "", change = "", value = ""

    init(_ line: String) throws {
        guard let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] else {
            throw Trouble("not an object: \(line)")
        }
        func text(_ name: String) -> String { object[name].map { "\($0)" } ?? "" }
        (event, id, field) = (text("event"), text("id"), text("field"))
        (by, change, value) = (text("by"), text("change"), text("value"))
    }
}

extension Home {
    /// A `watch` that is connected.
    func watch(_ filter: String...) throws -> Child {
        let child = try start(["watch"] + filter)
        guard child.wait(.seconds(30), until: { $0.errorText.contains("connected") }) else {
            throw Trouble("the watch has not connected: \(child.errorText)")
        }
        return child
    }
}

extension Child {
    /// The next lines of a watch.
    func events(_ count: Int, within limit: Duration) throws -> [WatchEvent] {
        try (0..<count).map { number in
            guard let line = line(within: limit) else {
                throw Trouble("only \(number) of \(count) lines have come: \(errorText)")
            }
            return try WatchEvent(line)
        }
    }
}
