import ParleyClient
import ParleyStore
import ParleyTerminal
import ParleyTrust

/// What `doctor --verify` has proved.
enum AuditSpeech {
    /// `412 changes of 5 devices: chains whole, 61 signatures right, 3 wait for a key; 14 membership statements
    /// signed, 1 void (grant used); tables as the log makes them`.
    static func sentence(_ audit: Audit) -> String {
        let isWhole = audit.findings.isEmpty || audit.tablesCompared
        var log = [isWhole ? "chains whole" : "chains as far as they are whole"]
        log.append("\(counted(audit.signatures, "signature")) right")
        if audit.unsigned > 0 { log.append("\(audit.unsigned) not signed yet") }
        log.append(bodies(audit))
        if audit.waiting > 0 {
            log.append("\(audit.waiting) \(audit.waiting == 1 ? "waits" : "wait") for a key")
        }
        let void = audit.void.values.reduce(0, +)
        if void > 0 {
            log.append("\(void) void (\(reasons(audit.void.map { ($0.key.rawValue, $0.value) })))")
        }
        if audit.unknowing > 0 {
            log.append("\(audit.unknowing) by authors who knew a membership statement that is not here")
        }
        let changes = "\(counted(audit.changesets, "change")) of \(counted(audit.devices, "device"))"
        let tables = audit.tablesCompared && audit.findings.isEmpty ? "; tables as the log makes them" : ""
        return changes + ": " + log.joined(separator: ", ") + "; " + membership(audit) + tables
    }

    private static func bodies(_ audit: Audit) -> String {
        "\(audit.sealed) sealed" + (audit.plain > 0 ? " and \(audit.plain) plain" : "")
    }

    private static func membership(_ audit: Audit) -> String {
        var parts = ["\(counted(audit.statements, "membership statement")) signed"]
        let void = audit.voidStatements.values.reduce(0, +)
        if void > 0 {
            parts.append("\(void) void (\(reasons(audit.voidStatements.map { (words($0.key), $0.value) })))")
        }
        if audit.waitingStatements > 0 {
            parts.append("\(audit.waitingStatements) resting on something that is not here")
        }
        return parts.joined(separator: ", ")
    }

    private static func reasons(_ counts: [(String, Int)]) -> String {
        counts.sorted { $0.0 < $1.0 }.map { $0.1 == 1 ? $0.0 : "\($0.1) \($0.0)" }.joined(separator: ", ")
    }

    /// `grantUsed` as `grant used`.
    private static func words(_ reason: Roster.VoidReason) -> String {
        "\(reason)".reduce(into: "") { $0 += $1.isUppercase ? " " + $1.lowercased() : String($1) }
    }

    static func json(_ audit: Audit) -> JSON {
        [
            "changesets": .int(audit.changesets), "devices": .int(audit.devices),
            "signatures": .int(audit.signatures), "unsigned": .int(audit.unsigned),
            "sealed": .int(audit.sealed), "plain": .int(audit.plain), "waiting": .int(audit.waiting),
            "void": counts(audit.void.map { ($0.key.rawValue, $0.value) }),
            "unknowing": .int(audit.unknowing), "statements": .int(audit.statements),
            "voidStatements": counts(audit.voidStatements.map { (words($0.key), $0.value) }),
            "waitingStatements": .int(audit.waitingStatements), "tables": .bool(audit.tablesCompared),
            "sentence": .text(sentence(audit)),
        ]
    }

    private static func counts(_ counts: [(String, Int)]) -> JSON {
        .object(counts.sorted { $0.0 < $1.0 }.map { JSONMember($0.0, .int($0.1)) })
    }
}
