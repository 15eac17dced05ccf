import Foundation
import Testing

/// A server and analysts who have joined one workspace, each on a machine of their own.
final class Team {
    let scratch: Scratch
    let server: Server
    /// The founder, by the operator's invite.
    let olga: Home
    /// A member, by Olga's invite.
    let ben: Home

    init(_ workspace: String = "ports") throws {
        scratch = try Scratch()
        server = try Server(data: scratch.path + "/server")
        olga = Home(scratch.path + "/olga")
        ben = Home(scratch.path + "/ben")
        try olga.succeed("join", Self.hostingInvite(of: server, workspace, for: "olga"))
        try ben.succeed("join", invite(for: "ben"))
    }

    /// The operator's invite, made beside the running server.
    static func hostingInvite(of server: Server, _ workspace: String, for handle: String) throws -> String {
        try server.home.succeed(
            "invite", "--data", server.data, "--workspace", workspace, "--for", handle,
            "--address", server.address
        ).output.trimmingCharacters(in: .newlines)
    }

    /// An invite by Olga.
    func invite(for handle: String, _ options: String...) throws -> String {
        let outcome = try olga.run(["invite", "--for", handle] + options)
        try #require(outcome.exit == 0, "\(outcome)")
        return outcome.output.trimmingCharacters(in: .newlines)
    }

    /// A further member.
    func member(_ handle: String) throws -> Home {
        let home = Home(scratch.path + "/" + handle)
        try home.succeed("join", invite(for: handle))
        return home
    }

    /// Each sends and takes, until all have everything.
    func syncAll(_ others: Home..., sourceLocation: SourceLocation = #_sourceLocation) throws {
        let homes = [olga, ben] + others
        for home in homes + homes.dropLast() { try home.succeed("sync", sourceLocation: sourceLocation) }
    }

    /// Do both show the same, byte by byte?
    @discardableResult
    func expectAgreement(
        _ others: Home..., sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> Outcome {
        let first = try olga.export()
        for home in [ben] + others {
            let other = try home.export()
            #expect(first.bytes == other.bytes, "the exports differ", sourceLocation: sourceLocation)
        }
        return first
    }
}

extension Home {
    func export(_ filter: String...) throws -> Outcome {
        let outcome = try run(["export", "--format", "jsonl"] + filter)
        try #require(outcome.exit == 0, "\(outcome)")
        return outcome
    }

    /// The exported records, by the whole id.
    func records() throws -> [String: [String: Any]] {
        var records: [String: [String: Any]] = [:]
        for line in try export().lines {
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            guard let object, let id = object["id"] as? String else { throw Trouble("not a record: \(line)") }
            #expect(records[id] == nil, "\(id) is exported twice")
            records[id] = object["fields"] as? [String: Any]
        }
        return records
    }

    /// A new record's id.
    func new(_ kind: String, _ values: String...) throws -> String {
        let outcome = try run(["new", kind] + values)
        try #require(outcome.exit == 0, "\(outcome)")
        return outcome.output.trimmingCharacters(in: .newlines)
    }

    func value(_ id: String, _ field: String) throws -> String? {
        try records()[id]?[field].map { "\($0)" }
    }

    /// A number of `status --json`.
    func status(_ name: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> Int {
        let status = try succeed("status", "--json", sourceLocation: sourceLocation).json
        return try #require(status[name] as? Int, "\(status)", sourceLocation: sourceLocation)
    }

    /// The store is whole, as far as `doctor` can tell.
    func expectHealth(_ when: String = "", sourceLocation: SourceLocation = #_sourceLocation) throws {
        let outcome = try run("doctor", "--verify")
        #expect(outcome.exit == 0, "\(when) \(outcome)", sourceLocation: sourceLocation)
    }

    /// Names of the folders that hold, or wait to hold, a workspace.
    var folders: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path + "/data")) ?? [] }
}
