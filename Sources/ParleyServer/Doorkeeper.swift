internal import ParleyCore
internal import ParleyProtocol
internal import ParleyStore
internal import ParleyTrust

/// Decides about a hello: which workspace it opens, whether its introduction lets a newcomer in, and whether
/// the device is a member and the one at the other end of the channel. What is unknown and what is forbidden
/// answer alike.
struct Doorkeeper {
    let folder: ServerFolder
    /// What the other end has shown to hold. Anybody may name a device; only the device has its channel key.
    let key: [UInt8]?

    enum Judgment {
        /// - Parameter isMember: whether the roster knows the device. Where it does not, the device has hosted the
        ///   workspace by the operator's token, and shows by statements who it is before it hears anything.
        case admitted(Seat, newStatements: [[UInt8]], isMember: Bool)
        case refused(ProtocolError)
    }

    /// - Parameter open: a workspace that is hosted here; nil for any other.
    func judge(
        _ hello: Hello, at now: Int64, open: (WorkspaceID) throws -> HostedWorkspace?
    ) throws -> Judgment {
        var workspace = try open(hello.workspace)
        if workspace == nil, !hello.introduction.token.isEmpty {
            if let refusal = try host(hello, at: now) { return .refused(refusal) }
            workspace = try open(hello.workspace)
        }
        guard let workspace, let key else { return .refused(Self.forbidden) }
        do {
            return try judge(hello, in: workspace, key, at: now)
        } catch let fault as TrustError {
            return .refused(ProtocolError(.invite, "the introduction does not hold: \(fault)"))
        }
    }

    private func judge(
        _ hello: Hello, in workspace: HostedWorkspace, _ key: [UInt8], at now: Int64
    ) throws -> Judgment {
        let news = try workspace.introduce(hello.introduction.statements, at: now)
        let seat = Seat(in: workspace, hello.device, by: key, isGuest: false)
        if workspace.roster.role(of: hello.device) != nil {
            guard let denial = seat.eviction else {
                return .admitted(seat, newStatements: news, isMember: true)
            }
            return .refused(denial.said)
        }
        if workspace.hasRemoved(hello.device), workspace.roster.keys(of: hello.device)?.channel == key {
            return .refused(Self.revoked)
        }
        guard try isHost(hello, at: now) else { return .refused(Self.stranger(hello, to: workspace)) }
        let guest = Seat(in: workspace, hello.device, by: key, isGuest: true)
        return .admitted(guest, newStatements: news, isMember: false)
    }

    /// An admin who is not the founder may host again what a server has lost: the statements that make the
    /// device a member do not fit a hello, and follow it.
    private func isHost(_ hello: Hello, at now: Int64) throws -> Bool {
        try !hello.introduction.token.isEmpty && host(hello, at: now) == nil
    }

    /// The operator's token makes this server the host of the workspace whose founding comes with it.
    private func host(_ hello: Hello, at now: Int64) throws -> ProtocolError? {
        guard let founding = Self.founding(in: hello) else {
            return ProtocolError(.invite, "the founding statement is missing")
        }
        switch try folder.host(
            hello.workspace, name: founding.name.text, token: hello.introduction.token, at: now)
        {
        case nil: return nil
        case .unknown: return ProtocolError(.invite, "this server has not issued that invite")
        case .used: return ProtocolError(.invite, "this invite has been used already")
        case .expired: return ProtocolError(.invite, "this invite has expired")
        }
    }

    private static func founding(in hello: Hello) -> Founding? {
        for bytes in hello.introduction.statements {
            guard let statement = try? Statement(received: bytes), statement.workspace == hello.workspace,
                case .found(let founding) = statement.content
            else { continue }
            return founding
        }
        return nil
    }

    /// Why a device that is no member is turned away.
    private static func stranger(_ hello: Hello, to workspace: HostedWorkspace) -> ProtocolError {
        if hello.introduction.isEmpty { return forbidden }
        if workspace.isFullOfStatements {
            return ProtocolError(.limit, "the workspace holds as many membership statements as it may have")
        }
        let offered = hello.introduction.statements.compactMap { try? Statement(received: $0) }
        let known = Set(offered.map(\.hash))
        let lacks = offered.flatMap(\.restsOn).contains {
            !known.contains($0) && !workspace.holds($0)
        }
        return ProtocolError(
            .invite,
            lacks
                ? "this server has not heard yet of what the invite rests on: whoever made it must sync first"
                : "this invite has expired or has been used already")
    }

    static let forbidden = ProtocolError(
        .forbidden, "no such workspace here, or this device is not a member of it")
    static let revoked = ProtocolError(.revoked, "this device was removed from the workspace")
}

extension Refusal {
    init(_ fault: ChainFault) {
        let (reason, text): (Refusal.Reason, String) =
            switch fault.reason {
            case .gap(let expected): (.gap, "number \(expected) is wanted next")
            case .context(let missing):
                (.context, "changeset \(missing.number) of device \(missing.device.text) is missing")
            case .stamp: (.stamp, "its stamp is not greater than those it rests on")
            case .clock(let ahead): (.clock, "stamped \(ahead) ms too far ahead of the server's clock")
            case .signature: (.signature, "the chain's signature is missing or wrong")
            case .notEnrolled: (.permission, "its device is not a member")
            case .role: (.permission, "a reader writes nothing")
            case .quota:
                (.quota, "the workspace holds as much as this server lets it; ask the operator for room")
            case .malformed(let fault):
                (.malformed, "not a changeset: \(fault.what) \(fault.reason) at byte \(fault.offset)")
            case .fork: (.fork, "another copy of this workspace has written under the same identity")
            }
        self.init(change: fault.change, reason: reason, text: text)
    }
}
