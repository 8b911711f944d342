{{- /* Unlike any other release's of the namespace, and short enough for what Kubernetes adds. */ -}}
{{- define "agent.name" -}}
{{- $whole := printf "%s-%s" .Release.Name .Values.mode -}}
{{- $name := regexReplaceAll "^([0-9])" (regexReplaceAll "[^a-z0-9-]" $whole "-") "r$1" -}}
{{- if and (eq $name $whole) (le (len $name) 45) -}}
{{ $name }}
{{- else -}}
{{ $name | trunc 36 | trimSuffix "-" }}-{{ sha256sum $whole | trunc 8 }}
{{- end -}}
{{- end -}}

{{- /* Names of the whole cluster: no namespace and no release can hold a colon. */ -}}
{{- define "agent.clusterName" -}}
{{ .Chart.Name }}:{{ .Release.Namespace }}:{{ include "agent.name" . }}
{{- end -}}

{{- /* Whether this mode reads the API server: then only it has a token. */ -}}
{{- define "agent.isWitness" -}}
{{- if has .Values.mode (list "cluster" "restricted") }}true{{ end -}}
{{- end -}}

{{- define "agent.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: {{ .Values.mode }}
{{- end -}}

{{- define "agent.labels" -}}
{{ include "agent.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "agent.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}{{ .repository }}@{{ .digest }}
{{- else -}}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "agent.pullSecrets" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{- /* The port that is called: the proxy's, or that of server.url. */ -}}
{{- define "agent.serverPort" -}}
{{- $url := urlParse (.Values.server.proxy | default .Values.server.url) -}}
{{- $port := regexFind ":[0-9]+$" $url.host | trimPrefix ":" -}}
{{- $usual := ternary "443" "80" (eq $url.scheme "https") -}}
{{- $port | default (empty .Values.server.proxy | ternary $usual "3128") -}}
{{- end -}}

{{- /* The ports of exporters, or of Prometheus: those that are named, and those of the addresses; as JSON. */ -}}
{{- define "agent.exporterPorts" -}}
{{- $ports := list -}}
{{- range .Values.networkPolicy.exporterPorts -}}
{{- $ports = append $ports (toString .) -}}
{{- end -}}
{{- range compact (append .Values.exporters.addresses .Values.exporters.prometheus) -}}
{{- $url := urlParse . -}}
{{- $usual := ternary "443" "80" (eq $url.scheme "https") -}}
{{- $ports = append $ports (regexFind ":[0-9]+$" $url.host | trimPrefix ":" | default $usual) -}}
{{- end -}}
{{ dict "ports" (uniq $ports) | toJson }}
{{- end -}}

{{- /* /healthz is asked inside the pod, because it listens on the loopback address: 10 ms of a core. */ -}}
{{- /* With the health port as its argument. */ -}}
{{- define "agent.probe" -}}
exec:
  command:
    - /opt/suanquan/bin/python
    - -ISc
    - |
      import _socket as s, sys
      c = s.socket(s.AF_INET, s.SOCK_STREAM)
      c.settimeout(4)
      c.connect(("127.0.0.1", {{ . }}))
      c.send(b"GET /healthz HTTP/1.0\r\n\r\n")
      sys.exit(b" 200 " not in c.recv(64))
timeoutSeconds: 5
{{- end -}}

{{- define "agent.serverVariables" -}}
- name: SUANQUAN_URL
  value: {{ .Values.server.url | quote }}
{{- if .Values.server.caConfigMap }}
- name: SSL_CERT_FILE
  value: /run/suanquan/ca/ca.crt
{{- end }}
{{- with .Values.server.proxy }}
- name: SUANQUAN_PROXY
  value: {{ . | quote }}
{{- end }}
{{- if .Values.server.clientTlsSecret }}
- name: SUANQUAN_CLIENT_CERT
  value: /run/suanquan/client/tls.crt
- name: SUANQUAN_CLIENT_KEY
  value: /run/suanquan/client/tls.key
{{- end }}
{{- end -}}

{{- define "agent.serverMounts" -}}
{{- if .Values.server.caConfigMap }}
- {name: ca, mountPath: /run/suanquan/ca, readOnly: true}
{{- end }}
{{- if .Values.server.clientTlsSecret }}
- {name: client, mountPath: /run/suanquan/client, readOnly: true}
{{- end }}
{{- end -}}

{{- /* 0440: read by root, or by the group of the pod. */ -}}
{{- define "agent.serverVolumes" -}}
{{- with .Values.server.caConfigMap }}
- name: ca
  configMap: {name: {{ . }}}
{{- end }}
{{- with .Values.server.clientTlsSecret }}
- name: client
  secret: {secretName: {{ . }}, defaultMode: 0440}
{{- end }}
{{- end -}}

{{- define "agent.healthVariables" -}}
- name: SUANQUAN_HEALTH_HOST
  value: {{ ternary .Values.metrics.address "127.0.0.1" .Values.metrics.scrape | quote }}
{{- end -}}

{{- /* A container of a Deployment: top, command (dcgm or cluster), port of its health pages. */ -}}
{{- define "agent.central" -}}
{{- with .top -}}
- name: {{ $.command }}
  image: {{ include "agent.image" . }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  args: [{{ $.command }}]
  securityContext:
    privileged: false
    allowPrivilegeEscalation: false
    readOnlyRootFilesystem: true
    capabilities: {drop: [ALL]}
  env:
    {{- include "agent.serverVariables" . | nindent 4 }}
    - name: SUANQUAN_NODE
      value: {{ $.command }}
    - name: SUANQUAN_ENROL_CODE_FILE
      value: /run/suanquan/codes/$(SUANQUAN_NODE)
    - name: SUANQUAN_AGENT_DATA
      value: /var/lib/suanquan-agent/{{ $.command }}
    - name: SUANQUAN_HEALTH_PORT
      value: {{ $.port | quote }}
    {{- include "agent.healthVariables" . | nindent 4 }}
    {{- if eq $.command "cluster" }}
    {{- with .Values.central.labels }}
    - name: SUANQUAN_LABELS
      value: {{ join "," . | quote }}
    {{- end }}
    {{- else }}
    - name: SUANQUAN_SHARES
      value: {{ .Values.shares }}
    {{- with .Values.exporters.addresses }}
    - name: SUANQUAN_EXPORTERS
      value: {{ join "," . | quote }}
    {{- end }}
    {{- with .Values.exporters.prometheus }}
    - name: SUANQUAN_PROMETHEUS
      value: {{ . | quote }}
    {{- end }}
    - name: SUANQUAN_SCRAPE_S
      value: {{ .Values.exporters.everySeconds | quote }}
    {{- if .Values.exporters.caConfigMap }}
    - name: SUANQUAN_SCRAPE_CA
      value: /run/suanquan/exporters-ca/ca.crt
    {{- end }}
    {{- if .Values.exporters.tokenSecret }}
    - name: SUANQUAN_SCRAPE_TOKEN
      value: /run/suanquan/exporters-token/token
    {{- end }}
    {{- end }}
  {{- if .Values.metrics.scrape }}
  ports:
    - {name: metrics{{ if ne (int $.port) (int .Values.health.port) }}-2{{ end }}, containerPort: {{ $.port }}, protocol: TCP}
  {{- end }}
  readinessProbe:
    {{- include "agent.probe" $.port | nindent 4 }}
    periodSeconds: 30
    failureThreshold: 2
  resources:
    {{- toYaml .Values.central.resources | nindent 4 }}
  volumeMounts:
    - {name: data, mountPath: /var/lib/suanquan-agent}
    - {name: codes, mountPath: /run/suanquan/codes, readOnly: true}
    {{- include "agent.serverMounts" . | nindent 4 }}
    {{- if eq $.command "dcgm" }}
    {{- if .Values.exporters.caConfigMap }}
    - {name: exporters-ca, mountPath: /run/suanquan/exporters-ca, readOnly: true}
    {{- end }}
    {{- if .Values.exporters.tokenSecret }}
    - {name: exporters-token, mountPath: /run/suanquan/exporters-token, readOnly: true}
    {{- end }}
    {{- end }}
{{- end }}
{{- end -}}

{{- /* The relay's container. */ -}}
{{- define "agent.relay" -}}
- name: relay
  image: {{ include "agent.image" . }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  args: [relay]
  securityContext:
    privileged: false
    allowPrivilegeEscalation: false
    readOnlyRootFilesystem: true
    capabilities: {drop: [ALL]}
  env:
    {{- include "agent.serverVariables" . | nindent 4 }}
    - name: SUANQUAN_NODE # what the server calls it: a pod's own name changes with each pod
      value: {{ include "agent.name" . | quote }}
    - name: SUANQUAN_AGENT_DATA
      value: /var/lib/suanquan-agent/relay
    - name: SUANQUAN_RELAY_LISTEN
      value: {{ printf "%s:9481" (ternary "[::]" .Values.relay.address (eq .Values.relay.address "::")) | quote }}
    - name: SUANQUAN_RELAY_MIB
      value: {{ int64 .Values.relay.queueMiB | quote }}
    {{- if .Values.relay.tlsSecret }}
    - name: SUANQUAN_RELAY_CERT
      value: /run/suanquan/tls/tls.crt
    - name: SUANQUAN_RELAY_KEY
      value: /run/suanquan/tls/tls.key
    {{- end }}
    {{- if .Values.relay.clientCaConfigMap }}
    - name: SUANQUAN_RELAY_CLIENT_CA
      value: /run/suanquan/client-ca/ca.crt
    {{- end }}
    - name: SUANQUAN_HEALTH_PORT
      value: {{ .Values.health.port | quote }}
    {{- include "agent.healthVariables" . | nindent 4 }}
  ports:
    - {name: relay, containerPort: 9481, protocol: TCP}
    {{- if .Values.metrics.scrape }}
    - {name: metrics, containerPort: {{ .Values.health.port }}, protocol: TCP}
    {{- end }}
  readinessProbe: # the server's being away is no reason to turn the nodes away
    {{- include "agent.probe" .Values.health.port | nindent 4 }}
    periodSeconds: 15
    failureThreshold: 2
  livenessProbe:
    {{- include "agent.probe" .Values.health.port | nindent 4 }}
    initialDelaySeconds: 60
    periodSeconds: 60
    failureThreshold: 5
  resources:
    {{- toYaml .Values.central.resources | nindent 4 }}
  volumeMounts:
    - {name: data, mountPath: /var/lib/suanquan-agent}
    {{- if .Values.relay.tlsSecret }}
    - {name: tls, mountPath: /run/suanquan/tls, readOnly: true}
    {{- end }}
    {{- if .Values.relay.clientCaConfigMap }}
    - {name: client-ca, mountPath: /run/suanquan/client-ca, readOnly: true}
    {{- end }}
    {{- include "agent.serverMounts" . | nindent 4 }}
{{- end -}}

{{- /* The disk: that of the keys and spools; a relay's holds its queue and a quarter more. */ -}}
{{- define "agent.diskSize" -}}
{{- if eq .Values.mode "relay" -}}
{{ add (div (mul (int64 .Values.relay.queueMiB) 5) 4) 64 }}Mi
{{- else -}}
{{ .Values.central.size }}
{{- end -}}
{{- end -}}
