import ParleyCore
import ParleyTrust

extension FuzzTarget {
    /// Input: one statement. What is read is written again, field by field, as the same bytes.
    static let statements = FuzzTarget(
        "statements",
        seeds: {
            try ["statement", "found", "grant", "enrol", "role", "revoke", "epoch", "share", "law-"].flatMap {
                name in
                try ["bytes", "statement"].flatMap { try Golden.vectors(name, key: $0) }
            }
        },
        repair: { (try? StatementForm.resigned($0)) ?? $0 },
        check: { input in
            do throws(TrustError) {
                let held = try Statement(held: input)
                try? StatementForm.verified(held)
                return try StatementForm.holds(held, input)
            } catch {
                guard let violation = error.asViolation else { return false }
                throw violation
            }
        })
}

extension TrustError {
    /// The errors of a statement's form and signature; any other would be a violation.
    fileprivate var asViolation: Violation? {
        switch code {
        case .statementMalformed, .statementTooLong, .statementTooNew, .badSignature, .badPossession: nil
        default: Violation("\(self)")
        }
    }
}

enum StatementForm {
    /// Verifying a well-formed statement gives an answer, and the same one when it is received.
    static func verified(_ statement: Statement) throws {
        try statement.verify()
        _ = try Statement(received: statement.bytes)
    }

    static func holds(_ statement: Statement, _ input: [UInt8]) throws(TrustError) -> Bool {
        var bytes: [UInt8] = [1, tag(statement.content)]
        bytes.append(varint: UInt64(statement.restsOn.count))
        for hash in statement.restsOn { bytes += hash.bytes }
        bytes += statement.signer
        let payload = payload(statement.content, proof: Array(input.suffix(128).prefix(64)))
        bytes.append(varint: UInt64(payload.count))
        bytes += payload + input.suffix(64)
        guard bytes == input, statement.bytes == input else { throw TrustError(.badTime, at: "second form") }
        return true
    }

    private static func tag(_ content: Statement.Content) -> UInt8 {
        switch content {
        case .found: 1
        case .grant: 2
        case .enrol: 3
        case .role: 4
        case .revoke: 5
        case .epoch: 6
        case .share: 7
        case .unknown(let tag, _): tag
        }
    }

    private static func payload(_ content: Statement.Content, proof: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        switch content {
        case .found(let founding):
            bytes += founding.keys.bytes
            bytes.append(text: founding.handle.text)
            bytes.append(text: founding.name.text)
            bytes += founding.salt
            bytes.append(varint: UInt64(founding.time))
        case .grant(let grant):
            bytes += grant.invite + [purpose(grant.purpose)]
            bytes.append(text: grant.handle.text)
            bytes.append(varint: UInt64(grant.until))
        case .enrol(let enrolment):
            bytes += enrolment.keys.bytes
            bytes.append(text: enrolment.handle.text)
            bytes.append(varint: UInt64(enrolment.time))
            bytes += proof
        case .role(let change):
            bytes.append(text: change.handle.text)
            bytes.append(change.role.rawValue)
            bytes += cuts(change.cuts)
        case .revoke(let revocation):
            bytes.append(text: revocation.handle.text)
            bytes.append(revocation.scope.rawValue)
            bytes += cuts(revocation.cuts)
        case .epoch(let epoch):
            bytes += epoch.keyHash
            bytes.append(varint: UInt64(epoch.time))
            bytes.append(varint: UInt64(epoch.previous.count))
            for key in epoch.previous { bytes += key.epoch.bytes + key.wrapped }
            bytes += seals(epoch.seals)
        case .share(let share): bytes += share.epoch.bytes + seals(share.seals)
        case .unknown(_, let payload): bytes += payload
        }
        return bytes
    }

    private static func cuts(_ cuts: [Cut]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(varint: UInt64(cuts.count))
        for cut in cuts {
            bytes.append(uint128: cut.device.number)
            bytes.append(varint: cut.number)
        }
        return bytes
    }

    private static func seals(_ seals: [DeviceSeal]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(varint: UInt64(seals.count))
        for seal in seals {
            bytes.append(uint128: seal.device.number)
            bytes += seal.encapsulated + seal.sealed
        }
        return bytes
    }

    private static func purpose(_ purpose: Grant.Purpose) -> UInt8 {
        switch purpose {
        case .furtherDevice: 0
        case .newAnalyst(let role): role.rawValue
        }
    }

    /// The same statement with its sizes right, and signed by somebody whose key is at hand.
    static func resigned(_ input: [UInt8]) throws -> [UInt8] {
        guard input.count > 120, let cast = try? Forge.cast.get() else { return input }
        let count = Int(input[2] % 4)
        let start = 3 + count * 32 + 33
        guard input.count > start + 64 else { return input }
        let rests = (0..<count).map { Array(input[3 + $0 * 32..<35 + $0 * 32]) }
        let isEnrolment = input[1] == 3
        let device = cast[Int(input[4]) % cast.count]
        var payload = Array(input[start...].dropLast(isEnrolment ? 128 : 64))
        if isEnrolment, payload.count >= 96 { payload.replaceSubrange(0..<96, with: device.keys.bytes) }
        if input[1] == 1, payload.count >= 96 { payload.replaceSubrange(0..<96, with: cast[0].keys.bytes) }
        let parts = Forge.Parts(
            tag: input[1], rests: rests.sorted { $0.lexicographicallyPrecedes($1) }, payload: payload)
        return try Forge.statement(
            parts, signer: Forge.secret(of: cast[0]), device: isEnrolment ? device : nil)
    }
}
