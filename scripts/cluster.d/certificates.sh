# shellcheck shell=bash
# Keys, the API's certificate, the administrator's token and kubeconfig.

make_certificates() (
  cd "$folder" || exit
  openssl genrsa -out sa.key 2048
  openssl rsa -in sa.key -pubout -out sa.pub
  openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 30 -subj /CN=cluster-ca
  openssl req -newkey rsa:2048 -nodes -keyout api.key -out api.csr -subj /CN=kube-apiserver
  hosts=DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:localhost
  openssl x509 -req -in api.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -out api.crt \
    -extfile <(echo "subjectAltName=$hosts,IP:10.96.0.1,IP:fd00:96::1,IP:$CONTROL_PLANE,IP:127.0.0.1")
  token=$(openssl rand -hex 16)
  echo "$token,admin,admin,\"system:masters\"" >tokens.csv
  kubeconfig "https://$CONTROL_PLANE:6443" "$token" >"$folder/kubeconfig.inside"
) 2>"$folder/logs/openssl"

kubeconfig() {
  cat <<YAML
apiVersion: v1
kind: Config
clusters: [{name: $name, cluster: {server: "$1", certificate-authority: $folder/ca.crt}}]
users: [{name: admin, user: {token: $2}}]
contexts: [{name: $name, context: {cluster: $name, user: admin}}]
current-context: $name
YAML
}
