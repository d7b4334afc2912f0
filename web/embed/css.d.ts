/** Style sheets come as text: the build scopes them for a shadow tree. */
declare module "*.css" {
  const text: string;
  export default text;
}
